CREATE TABLE "ivs_local_publishers" (
	"stage_arn" text NOT NULL,
	"user_id" text NOT NULL,
	"participant_id" text NOT NULL,
	"session_id" text NOT NULL,
	"issued_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "ivs_local_publishers_stage_arn_user_id_pk" PRIMARY KEY("stage_arn","user_id")
);
--> statement-breakpoint
CREATE TABLE "ivs_local_stages" (
	"arn" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"is_master" boolean NOT NULL,
	"tags" jsonb NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"replica_of" text,
	"relayed_until" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "ivs_stages" (
	"arn" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"tags" jsonb NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"phase" text NOT NULL,
	"phase_since" timestamp with time zone NOT NULL,
	"media_path" text NOT NULL,
	"endpoints" jsonb NOT NULL,
	CONSTRAINT "ivs_stages_role" CHECK ("ivs_stages"."role" in ('master', 'auto-scaled', 'custom')),
	CONSTRAINT "ivs_stages_phase" CHECK ("ivs_stages"."phase" in ('starting', 'ready', 'draining', 'deleting')),
	CONSTRAINT "ivs_stages_media_path" CHECK ("ivs_stages"."media_path" in ('source', 'replica', 'relay', 'none'))
);
--> statement-breakpoint
ALTER TABLE "ivs_local_publishers" ADD CONSTRAINT "ivs_local_publishers_stage_arn_ivs_local_stages_arn_fk" FOREIGN KEY ("stage_arn") REFERENCES "public"."ivs_local_stages"("arn") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ivs_local_publishers_participant" ON "ivs_local_publishers" USING btree ("participant_id");--> statement-breakpoint
CREATE UNIQUE INDEX "ivs_local_stages_master" ON "ivs_local_stages" USING btree ("is_master") WHERE "ivs_local_stages"."is_master";